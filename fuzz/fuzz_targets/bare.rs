#![no_main]

mod mutation;

libfuzzer_sys::fuzz_target!(|data: &[u8]| automl_pack_fuzz::bare(data));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    mutation::mutate(data, size, most, seed)
});
