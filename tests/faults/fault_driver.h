// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An ODBC driver that hands every call on to a real one and lets one of them fail.
///
/// Tests connect with `Driver=<path of this library>` and load the same library to say
/// what is to happen. All of it is for one thread at a time.
extern "C" {

/// Which driver does the work: the path of its library. To be called before the first
/// connection; the rest of the connection string is that driver's.
void aft_fault_use(const char* driver);

/// When a failing call does its work, or what it does instead.
enum FaultMoment {
  kFaultInstead = 0,     ///< never: the driver is not asked
  kFaultAfterwards = 1,  ///< before it fails, as when an answer is lost
  kFaultCrash = 2,       ///< never: it ends the process by a signal
  kFaultExit = 3,        ///< never: it ends the process as if all were well
};

/// From now on, lets the `number`-th call (from 1) of `function`, or with "" of any that
/// may fail, give SQL_ERROR with `sqlstate`, and all later calls of the connection as
/// well if `for_good` is not 0. With 0 for `number` nothing fails.
void aft_fault_arm(const char* function, int number, FaultMoment moment,
                   const char* sqlstate, int for_good);

/// What the driver says of the length of a text or of bytes.
enum FaultLength {
  kLengthTrue = 0,      ///< what the real driver says
  kLengthUnknown = 1,   ///< SQL_NO_TOTAL, where ODBC allows it
  kLengthCut = 2,       ///< where a value does not fit: of the part that does
  kLengthNegative = 3,  ///< when fetched, in the last row: a number that means nothing
  kLengthTooMuch = 4,   ///< when fetched: more than there is
};

/// From now on, lets the driver say this of each length.
void aft_fault_lengths(FaultLength length);

/// From now on, lets row `row` (from 1) of each fetch of several rows be one in error:
/// the values of the row before stay in its place. With 0 none is.
void aft_fault_row(int row);

/// What becomes of rows that are sent as an array of parameters, or as a parameter for
/// each column with an array in PostgreSQL's binary form.
enum FaultArrays {
  kArraysWhole = 0,
  kArraysCut = 1,          ///< the last row is lost
  kArraysCutSilently = 2,  ///< the last row is lost, and SQLRowCount counts it
  kArraysRepeatFirst = 3,  ///< the first row takes the place of the others
  kArraysNullIsZero = 4,   ///< NULL becomes 0, or an empty text
  // Alone among these, not about arrays:
  kRowsLost = 5,            ///< rows that are sent one by one are lost
  kEverySecondRowLost = 6,  ///< of rows that are sent one by one, every second is lost
  kInsertsCut = 7,          ///< INSERT … SELECT takes two rows at most
};

/// From now on, lets arrays of parameters fare like this.
void aft_fault_arrays(FaultArrays arrays);

/// Lets the driver give its database this name, and with "" its own.
void aft_fault_rename(const char* dbms_name);

/// How many calls have failed since then.
int aft_fault_count(void);

/// The function whose call has failed last; "" before.
const char* aft_fault_function(void);

/// Connections and statements that were allocated and not yet freed.
int aft_fault_open_handles(void);
}
