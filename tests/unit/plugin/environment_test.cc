// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

std::map<std::string, Environment> Read(const std::string& text) {
  const TemporaryFolder folder;
  folder.Write("fal_project.yml", text);
  return ReadEnvironments(folder.path());
}

TEST(Environments, AreReadFromTheProject) {
  const auto environments = Read(R"(
environments:
  - name: ml
    type: venv
    requirements: [scikit-learn==1.5, "prophet>=1.1"]
  - name: geo
    type: conda
    packages: [geopandas=0.14]
)");

  EXPECT_THAT(environments, SizeIs(3));
  EXPECT_EQ(environments.at("local").type, "");
  EXPECT_EQ(environments.at("ml").type, "venv");
  EXPECT_THAT(environments.at("ml").packages,
              ElementsAre("scikit-learn==1.5", "prophet>=1.1"));
  EXPECT_THAT(environments.at("geo").packages, ElementsAre("geopandas=0.14"));
}

TEST(Environments, AreNotNeeded) {
  const TemporaryFolder folder;

  EXPECT_THAT(ReadEnvironments(folder.path()), SizeIs(1));
  EXPECT_THAT(Read(""), SizeIs(1));
  EXPECT_THAT(Read("environments:\n"), SizeIs(1));
}

TEST(Environments, ThatAreWrongAreNamedWithTheirLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"environments: 3", "line 1: 'environments' is not a list"},
      {"environments:\n- ml", "line 2: an environment is a mapping"},
      {"environments:\n- type: venv", "line 2: an environment needs a 'name'"},
      {"environments:\n- name: a\n  type: poetry",
       "line 2: environment 'a' has the unkno"},
      {"environments:\n- {name: a, type: venv}\n- {name: a, type: venv}",
       "line 3: environment 'a' is defined twice"},
      {"environments:\n- {name: local, type: venv}", "line 2: the name 'local'"},
      {"environments:\n- name: a\n  type: venv\n  packages: [b]",
       "line 4: unknown key 'packages' in environment 'a'; the keys are 'name', 'type' "
       "and 'requirements'"},
      {"environments:\n- name: a\n  type: venv\n  requirments: [b]",
       "line 4: unknown key 'requirments' in environment 'a'; did you mean "
       "'requirements'"},
      {"enviroments:\n- {name: a, type: venv}",
       "line 1: unknown key 'enviroments'; did you mean 'environments'?"},
      {"- {name: a, type: venv}", "line 1: it is not a mapping with 'environments'"},
      {"environments:\n- name: a\n  type: venv\n  requirements: b",
       "line 4: 'requirements' of environment 'a' is not a list"},
      {"environments:\n- name: a\n  type: venv\n  requirements:\n  - --pre",
       "line 5: an entry under 'requirements'"},
      {"environments: [", "fal_project.yml, line 1"}};
  for (const auto& [text, message] : wrong)
    EXPECT_THAT([&] { Read(text); }, ThrowsMessage<Error>(HasSubstr(message))) << text;
}

}  // namespace
}  // namespace aft
