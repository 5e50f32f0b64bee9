// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/node_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aft {
namespace {

using ::testing::EndsWith;

NodeNames Names() {
  NodeNames names;
  names.Add("model.shop.customers", "customers");
  names.Add("model.installed.orders.v2", "orders");
  names.Add("seed.shop.raw_orders", "raw_orders");
  names.Add("source.shop.raw.payments", "raw.payments");
  names.Add("test.shop.unique_customers.1234", "unique_customers");
  return names;
}

std::string ProblemOf(const ScriptedEntry& entry) { return Names().Problem(entry); }

TEST(NodeNames, HaveThoseOfEntriesThatDbtTakes) {
  EXPECT_EQ(ProblemOf({"models", "customers", "", ""}), "");
  EXPECT_EQ(ProblemOf({"models", "orders", "", ""}), "");
  EXPECT_EQ(ProblemOf({"models", "orders", "2", ""}), "");
  EXPECT_EQ(ProblemOf({"sources", "raw", "", ""}), "");
  EXPECT_EQ(ProblemOf({"sources", "raw.payments", "", ""}), "");
}

TEST(NodeNames, TellWhichEntriesDbtPassesOver) {
  EXPECT_EQ(
      ProblemOf({"models", "custmers", "", "a.yml, line 1"}),
      "a.yml, line 1: the scripts of model 'custmers' do not run: dbt finds no model "
      "of this name; did you mean 'customers'?");
  EXPECT_THAT(ProblemOf({"models", "raw_orders", "", ""}),
              EndsWith("'raw_orders' is a seed; move them to 'seeds'"));
  EXPECT_THAT(ProblemOf({"models", "orders", "3", ""}),
              EndsWith("dbt finds no version '3' of it"));
  EXPECT_THAT(ProblemOf({"sources", "raw.orders", "", ""}),
              EndsWith("dbt finds no source of this name"));
  EXPECT_THAT(ProblemOf({"models", "unique_customers", "", ""}),
              EndsWith("dbt finds no model of this name"));
  EXPECT_THAT(ProblemOf({"snapshots", "customers_at", "", ""}),
              EndsWith("dbt finds no snapshot of this name"));
}

}  // namespace
}  // namespace aft
