#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| automl_pack_fuzz::table(data));
