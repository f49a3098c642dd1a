// SPDX-License-Identifier: MIT
//
// Mistakes that the tests put in on purpose, to see that they are caught. All off here; a fault build finds another
// header of this name first, with one of them on.
#pragma once

namespace quire::fault {

inline constexpr bool log_flush_left_out = false;        // a checkpoint or sync acknowledges unflushed log
inline constexpr bool page_flush_left_out = false;       // a checkpoint leaves index and table pages unflushed
inline constexpr bool meta_before_pages = false;         // a checkpoint stores and flushes its meta first
inline constexpr bool early_acknowledge = false;         // a checkpoint returns before its meta is flushed
inline constexpr bool frame_checksum_ignored = false;    // recovery takes any frame that has the right shape
inline constexpr bool frozen_page_in_place = false;      // a frozen page is changed without a copy
inline constexpr bool redo_left_out = false;             // an inherited writer word is used without repair

}  // namespace quire::fault
