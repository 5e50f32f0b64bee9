// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

namespace aft {

/// What a test chooses at random: the same for the same seed.
class RandomChoices {
 public:
  explicit RandomChoices(unsigned seed) : random_(seed) {}

  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool Chance(double probability) {
    return std::bernoulli_distribution(probability)(random_);
  }

 private:
  std::mt19937 random_;
};

}  // namespace aft
