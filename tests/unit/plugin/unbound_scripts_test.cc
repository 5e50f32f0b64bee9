// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/unbound_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Find(const std::string& kinds) {
  return FindUnboundScripts(boost::json::parse("{" + kinds + "}").as_object(), "shop");
}

TEST(UnboundScripts, AreThoseOfWhatHasNone) {
  const std::string meta = R"("meta": {"aft": {"scripts": ["a.py"]}})";
  const std::string own = R"("package_name": "shop", "original_file_path": "m/s.yml")";

  EXPECT_THAT(
      Find(R"("nodes": {"test.t": {"resource_type": "test", "name": "t", )" + own +
           R"(, "config": {)" + meta + R"(}}, "model.m": {"resource_type": "model",
             "name": "m", )" +
           own + R"(, "columns": {"id": {)" + meta + R"(}}}},
           "exposures": {"exposure.e": {"name": "e", )" +
           own + ", " + meta + R"(, "config": {)" + meta + "}}}"),
      ElementsAre(
          "m/s.yml: test 't': meta.aft: these scripts cannot run; bind them to a "
          "model, seed, snapshot or source",
          "m/s.yml: column 'id' of 'm': meta.aft: these scripts cannot run; bind "
          "them to a model, seed, snapshot or source",
          "m/s.yml: exposure 'e': meta.aft: these scripts cannot run; bind them to "
          "a model, seed, snapshot or source"));
}

TEST(UnboundScripts, AreNotThoseThatAColumnHasFromItsModel) {
  const std::string of_model = R"("fal": {"scripts": ["a.py"]})";
  const std::string more = R"("aft": {"scripts": ["b.py"]})";
  const auto find = [&](const std::string& meta) {
    return Find(R"("nodes": {"model.m": {"resource_type": "model", "name": "m",
                "package_name": "shop", "meta": {)" +
                of_model + R"(}, "columns": {"id": {"meta": {)" + meta + "}}}}}");
  };

  EXPECT_THAT(find(of_model), IsEmpty());
  EXPECT_EQ(find(of_model + ", " + more).size(), 1);
}

TEST(UnboundScripts, AreThoseOfMisspeltSettings) {
  EXPECT_THAT(
      Find(R"("nodes": {"model.m": {"resource_type": "model", "name": "m",
           "package_name": "shop", "original_file_path": "m.sql", "config": {
             "metta": {"aft": {"scripts": ["a.py"]}}, "fal": {"scripts": ["b.py"]},
             "meta": {}, "aft": 1, "beta": {"aft": 1}, "mata": 3}}})"),
      ElementsAre("m.sql: model 'm': the scripts under config.metta.aft do not run; did "
                  "you mean config.meta?",
                  "m.sql: model 'm': the scripts under config.fal do not run; put them "
                  "under config.meta.fal"));
}

TEST(UnboundScripts, AreNotThoseOfPackagesNorOtherMeta) {
  EXPECT_THAT(Find(R"("macros": {
          "macro.a": {"name": "a", "package_name": "installed",
                      "meta": {"fal": {"scripts": ["a.py"]}}},
          "macro.b": {"name": "b", "package_name": "shop",
                      "meta": {"fal": {"owner": "me"}, "scripts": ["a.py"]}},
          "macro.c": {"name": "c", "package_name": "shop", "meta": 3}, "macro.d": 3})"),
              IsEmpty());
}

}  // namespace
}  // namespace aft
