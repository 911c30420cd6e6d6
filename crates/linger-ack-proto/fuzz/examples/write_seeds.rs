//! Writes what [`seeds`] makes beside the corpora.

use linger_ack_proto_fuzz::seeds;
use std::path::PathBuf;
use std::{fs, io};

fn main() -> io::Result<()> {
    for (target, name, input) in seeds::all() {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus", target]
            .iter()
            .collect();
        fs::create_dir_all(&path)?;
        fs::write(path.join(name), input)?;
    }
    Ok(())
}
