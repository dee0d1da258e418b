//! Bytes as they come out of an agent's websocket, or as a header of its upgrade.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kontena_fuzz::driver::drive(bytes));
