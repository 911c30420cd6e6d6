#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| linger_ack_proto_fuzz::envelope(data));
