// SPDX-License-Identifier: Apache-2.0
#include "plugin/secrets/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <functional>

#include "host_shim/line_splitter.h"
#include "tests/support/random_choices.h"

namespace aft {
namespace {

Secrets SecretsFrom(const std::vector<std::string>& texts) {
  Secrets secrets;
  for (const std::string& text : texts) secrets.Add(text);
  return secrets;
}

TEST(Secrets, AreMaskedWhereverTheyStand) {
  const Secrets secrets = SecretsFrom({"hunter2"});

  EXPECT_EQ(secrets.Masked("hunter2 and xhunter2hunter2y"), "***** and x**********y");
  EXPECT_EQ(secrets.Masked("hunter"), "hunter");
}

TEST(Secrets, AreMaskedWholeWhereTheyOverlap) {
  const Secrets secrets = SecretsFrom({"ab1c", "ab1cdef", "ef2gh"});

  EXPECT_EQ(secrets.Masked("ab1cdef ab1c"), "***** *****");
  EXPECT_EQ(secrets.Masked("ab1cdef2gh"), "*****");
}

TEST(Secrets, ThatAreWordsAreMaskedAsWords) {
  const Secrets secrets = SecretsFrom({"shop", "12345", "Terrific"});

  EXPECT_EQ(secrets.Masked("shopping in raw_shop, bishop: 123456"),
            "shopping in raw_shop, bishop: 123456");
  EXPECT_EQ(secrets.Masked("shop 12345 'Terrific'"), "***** ***** '*****'");
  EXPECT_EQ(secrets.Masked(R"(a\nshop\nb %20shop%0A)"), R"(a\n*****\nb %20*****%0A)");
}

TEST(Secrets, OfAFewCharactersAreMaskedWhereTheyStandAsSecrets) {
  const Secrets secrets = SecretsFrom({"a", "s3", "*"});

  EXPECT_EQ(secrets.Masked("a table has a column s3, 2 * 2"),
            "a table has a column s3, 2 * 2");
  EXPECT_EQ(secrets.Masked("password=a PWD={s3};"), "password=***** PWD={*****};");
  EXPECT_EQ(secrets.Masked(R"({"password": "a", 'token' = 'a'})"),
            R"({"password": "*****", 'token' = '*****'})");
  EXPECT_EQ(secrets.Masked("postgresql://me:s3@host/a"), "postgresql://me:*****@host/a");
}

TEST(Secrets, ThatAreNamesTooLeaveTheNamesReadable) {
  Secrets secrets = SecretsFrom({"postgres"});
  secrets.AddName("Postgres");

  EXPECT_EQ(secrets.Masked(R"(authentication failed for user "postgres")"),
            R"(authentication failed for user "postgres")");
  EXPECT_EQ(secrets.Masked("user=postgres password=postgres"),
            "user=postgres password=*****");
}

TEST(Secrets, LinesOfAKeyAreSecretsAsWell) {
  const Secrets secrets = SecretsFrom(
      {"-----BEGIN KEY-----\nMIIEvQIBADANBg\r\n}\nkq9=\n-----END KEY-----\n"});

  EXPECT_EQ(secrets.Masked("MIIEvQIBADANBg"), "*****");
  EXPECT_EQ(secrets.Masked("xkq9=x"), "x*****x");
  EXPECT_EQ(secrets.Masked("{}\n-----BEGIN KEY-----"), "{}\n-----BEGIN KEY-----");
}

TEST(Secrets, OfAKeyFileInJsonDoNotMakeItsOtherLinesSecret) {
  const Secrets secrets = SecretsFrom({"{\n  \"project_id\": \"shop\"\n}"});

  EXPECT_EQ(secrets.Masked("  \"project_id\": \"shop\""), "  \"project_id\": \"shop\"");
}

TEST(Secrets, PasswordsOfAddressesAreMaskedWhoeverTheyAre) {
  const Secrets none;

  EXPECT_EQ(none.Masked("postgres://u:secret@h/db, 'pg+psycopg://u:a@b@h' x:y@z"),
            "postgres://u:*****@h/db, 'pg+psycopg://u:*****@h' x:y@z");
  EXPECT_EQ(none.Masked(R"({"url": "http:\/\/:p4ss\/word@h:80\/?a@b"})"),
            R"({"url": "http:\/\/:*****@h:80\/?a@b"})");
  EXPECT_EQ(SecretsFrom({"u:s3c"}).Masked("a://u:s3cret@h u:s3cret"),
            "a://*****@h *****ret");
  for (const char* plain :
       {"http://h:80/a@b", "a://b: c@d", "a://u@h:80", "a://u:@h", "time 12:30 a@b",
        "http://h:8080 of me:you@x", "a://h?b:c@d", "://", "a://u:p"})
    EXPECT_EQ(none.Masked(plain), plain);
}

TEST(Secrets, ATextIsCutBeforeAnAddressThatMayGoOn) {
  const Secrets none;

  for (const char* text : {"at pg://u:secret@h", "at pg://u:sec", "at pg:", "at pg://u"})
    EXPECT_EQ(none.CutOf(text), 3U) << text;
  EXPECT_EQ(none.CutOf("at pg://u:secret@h "), 19U);
  EXPECT_EQ(none.CutOf("at pg"), 5U);
  EXPECT_EQ(none.Masked("://u:secret@h"), "://u:*****@h") << "the rest of a cut address";
}

TEST(Secrets, ATextIsCutBeforeThem) {
  Secrets secrets = SecretsFrom({"hunter2", "t3rrific"});

  EXPECT_EQ(secrets.CutOf("nothing of them"), 15U);
  EXPECT_EQ(secrets.CutOf("is hunter2"), 10U);
  EXPECT_EQ(secrets.CutOf("is hunter"), 3U);
  EXPECT_EQ(secrets.CutOf("is t"), 3U);
  EXPECT_EQ(secrets.CutOf("hunter"), 6U);
  secrets.Add("s3crets");
  EXPECT_EQ(secrets.CutOf("is s3crets"), 3U) << "the 's' at its end may begin another";
  EXPECT_EQ(secrets.CutOf("is hunter2 s3crets3cre"), 11U);
}

TEST(Secrets, ThatAreWordsAreHeldBackUntilTheWordIsWhole) {
  const Secrets secrets = SecretsFrom({"shop"});

  EXPECT_EQ(secrets.CutOf("in a shop"), 5U);
  EXPECT_EQ(secrets.CutOf("in a shop "), 10U);
}

TEST(Secrets, NothingIsNoSecret) {
  EXPECT_EQ(SecretsFrom({""}).Masked("a * b"), "a * b");
  EXPECT_EQ(SecretsFrom({}).CutOf("a"), 1U);
}

// In these forms the tests below write a secret, beside it as it is.
std::string Escaped(const std::string& text,
                    const std::function<std::string(unsigned char)>& escape) {
  std::string escaped;
  for (const char c : text) escaped += escape(static_cast<unsigned char>(c));
  return escaped;
}

std::string Format(const char* format, unsigned char c) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, c);
  return text.data();
}

bool IsPlain(unsigned char c) { return std::isalnum(c) != 0; }

std::string Quoted(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    return IsPlain(c) ? std::string(1, static_cast<char>(c)) : Format("%%%02X", c);
  });
}

std::string QuotedPlus(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    return c == ' '     ? "+"
           : IsPlain(c) ? std::string(1, static_cast<char>(c))
                        : Format("%%%02x", c);
  });
}

std::string Backslashed(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    const std::string itself(1, static_cast<char>(c));
    return c == '\n'                            ? "\\n"
           : c == '\\' || c == '\'' || c == '"' ? "\\" + itself
                                                : itself;
  });
}

std::string InJson(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    const std::string itself(1, static_cast<char>(c));
    return c < 0x20 || c == '<'                ? Format("\\u%04x", c)
           : c == '"' || c == '\\' || c == '/' ? "\\" + itself
                                               : itself;
  });
}

std::string Doubled(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    return std::string(c == '}' || c == '\'' || c == '"' ? 2 : 1, static_cast<char>(c));
  });
}

std::string Html(const std::string& text) {
  return Escaped(text, [](unsigned char c) {
    return c == '<'    ? "&lt;"
           : c == '&'  ? "&amp;"
           : c == '\'' ? "&#39;"
                       : std::string(1, static_cast<char>(c));
  });
}

using Form = std::function<std::string(const std::string&)>;

const std::vector<Form>& Forms() {
  static const std::vector<Form> kForms = {
      [](const std::string& text) { return text; },
      Quoted,
      QuotedPlus,
      Backslashed,
      InJson,
      Doubled,
      Html,
      [](const std::string& text) { return Backslashed(Backslashed(text)); },
      [](const std::string& text) { return Quoted(Quoted(text)); },
  };
  return kForms;
}

constexpr std::string_view kCharacters = "aZ5 }{'\"\\/+%&<;=\n$";
constexpr std::string_view kOthers = ".-,:()[]#";  // of no secret here

std::string RandomSecret(RandomChoices& random) {
  std::string secret = "k9";  // no ordinary word
  const int size = random.Number(4, 20);
  for (int i = 0; i < size; ++i)
    secret += kCharacters[static_cast<std::size_t>(
        random.Number(0, static_cast<int>(kCharacters.size()) - 1))];
  return secret + "7q";
}

std::string RandomFiller(RandomChoices& random) {
  std::string filler;
  for (int i = random.Number(0, 30); i > 0; --i)
    filler += kOthers[static_cast<std::size_t>(
        random.Number(0, static_cast<int>(kOthers.size()) - 1))];
  return filler;
}

/// Whether `text` has four characters in a row of any form of `secret`.
bool Betrays(const std::string& text, const std::string& secret) {
  for (const Form& form : Forms()) {
    const std::string spelled = form(secret);
    for (std::size_t at = 0; at + 4 <= spelled.size(); ++at)
      if (text.find(spelled.substr(at, 4)) != std::string::npos) return true;
  }
  return false;
}

TEST(Secrets, LeaveNothingBehindInAnyFormSplitAnywhere) {
  RandomChoices random(1);
  for (int round = 0; round < 2'000; ++round) {
    const std::string secret = RandomSecret(random);
    const Secrets secrets = SecretsFrom({secret, RandomSecret(random)});
    const auto form =
        static_cast<std::size_t>(random.Number(0, static_cast<int>(Forms().size()) - 1));
    // A line end is the reader's, and masks no more than lines.
    std::string text =
        RandomFiller(random) + Forms()[form](secret) + RandomFiller(random);
    const bool has_lines = text.find('\n') != std::string::npos;
    SCOPED_TRACE(testing::Message() << "round " << round << ": " << text);
    ASSERT_FALSE(Betrays(secrets.Masked(text), secret)) << secrets.Masked(text);
    if (has_lines) continue;

    LineSplitter lines(static_cast<std::size_t>(random.Number(140, 200)),
                       [&](std::string_view piece) { return secrets.CutOf(piece); });
    std::string output;
    const auto take = [&](std::string_view line) {
      output += secrets.Masked(line);
      output += '|';
    };
    text.insert(0, static_cast<std::size_t>(random.Number(0, 200)), '.');
    while (!text.empty()) {
      const auto size = static_cast<std::size_t>(random.Number(1, 9));
      lines.Feed(text.substr(0, size), take);
      text.erase(0, size);
    }
    lines.Finish(take);

    ASSERT_FALSE(Betrays(output, secret)) << output;
  }
}

}  // namespace
}  // namespace aft
