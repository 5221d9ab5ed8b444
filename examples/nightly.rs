//! A nightly run over a folder of tables: what could not be scored is put aside, and a run that was cut off goes on.
//!
//! `cargo run --example nightly -- examples/titanic.pack.zip examples/titanic.csv scores.parquet`

use std::time::Duration;

use automl_pack::{Auto, Job, score::Balance};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, tables, scores] = arguments.as_slice() else {
        return Err("expected a bundle, tables and where the scores go".into());
    };
    let auto = Auto::unpack(bundle)?;
    let summary = Job::new(&auto)
        .input(tables)
        .output(scores)
        .rejects(format!("{scores}.rejects.csv"))
        .max_rejects(1_000)
        .memory(1 << 30)
        .checkpoint(Duration::from_secs(30))
        .resume(true)
        .progress(|progress| {
            if let Some(left) = progress.remaining().filter(|left| left.as_secs() > 0) {
                eprint!("\r{} rows, {} s left ", progress.rows, left.as_secs());
            }
        })
        .run()?;
    println!("{} rows, {} rejected, in {:.2?}", summary.rows, summary.rejected, summary.elapsed);
    if let Balance::Classes(counts) = &summary.predictions {
        counts.iter().for_each(|(class, rows)| println!("{class}: {rows}"));
    }
    for ((column, flaw), cells) in &summary.flaws {
        println!("{flaw} cells of {column}: {cells}");
    }
    Ok(())
}
