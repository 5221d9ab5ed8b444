//! The three stages of a prediction, one by one: what each member says of a flower.
//!
//! `cargo run --example stages -- tests/fixtures/carefree/iris/auto_pack.zip`

use automl_pack::{Auto, Outcome};
use ndarray::array;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or("tests/fixtures/carefree/iris/auto_pack.zip".into());
    let auto = Auto::unpack(path)?;
    let flowers = array![[5.1_f32, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]];

    let prepared = auto.pattern.preprocess(&flowers)?;
    if let Some(features) = prepared.matrix() {
        println!("as the members eat them:\n{features}");
    }
    let raw = auto.pattern.run(prepared)?;
    let scores = auto.pattern.postprocess(raw)?;

    for (member, of_member) in auto.pattern.members().iter().zip(scores.members()) {
        if let Outcome::Classes { labels, .. } = &of_member.outcome {
            println!("{:16} {:.3}  {labels:?}", member.name(), member.weight());
        }
    }
    for row in 0..scores.len() {
        println!("flower {row}: class {}", scores.label(row).unwrap_or_default());
    }
    Ok(())
}
