//! Real models of scikit-learn, LightGBM, XGBoost, CatBoost and PyTorch, held to what ONNX Runtime computed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "what is recorded serves other tests too")]

mod recorded;

use std::path::PathBuf;

use automl_pack_engine::{Data, Error, Program, Tensor};
use recorded::Recorded;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

const REFUSED: &str = "edge_cls_oob";

fn models() -> Vec<Recorded> {
    let mut models = Recorded::all(&fixtures().join("onnx"));
    models.retain(|model| model.name != REFUSED);
    assert_eq!(models.len(), 53);
    models.extend(Recorded::all(&fixtures().join("operators")));
    assert!(models.len() > 90, "{} models", models.len());
    models
}

fn all(first: usize, count: usize) {
    hold(&models(), |model| model.check(first, count));
}

/// Every model passes, or all that do not are told of.
fn hold(models: &[Recorded], check: impl Fn(&Recorded) -> Result<(), String>) {
    let wrong: Vec<String> = models
        .iter()
        .filter_map(|model| check(model).err().map(|what| format!("{}: {what}", model.name)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), models.len(), wrong.join("\n"));
}

#[test]
fn every_model_computes_what_onnx_runtime_computed() {
    all(0, 257);
}

#[test]
fn a_batch_of_one_or_two_too() {
    all(5, 1);
    all(255, 2);
}

#[test]
fn a_batch_of_a_thousand_too() {
    all(0, 1000);
}

#[test]
fn two_threads_give_the_bits_of_one() {
    hold(&models(), |model| {
        let program = Program::load(&model.bytes).map_err(|error| error.to_string())?;
        let run = || {
            let given = model.inputs(&program, 3, 40);
            program.run(given).map(|outputs| outputs.iter().map(bits).collect::<Vec<_>>())
        };
        let alone = run();
        let both = std::thread::scope(|scope| {
            let threads = [scope.spawn(run), scope.spawn(run)];
            threads.map(|thread| thread.join().unwrap())
        });
        if both == [alone.clone(), alone] { Ok(()) } else { Err("the bits differ".to_owned()) }
    });
}

#[test]
fn a_row_gives_the_same_bits_alone_and_among_others() {
    hold(&models(), |model| {
        let program = Program::load(&model.bytes).map_err(|error| error.to_string())?;
        let of_rows = |first: usize, count: usize| {
            let outputs =
                program.run(model.inputs(&program, first, count)).map_err(|error| error.to_string())?;
            Ok::<_, String>(outputs)
        };
        let together = of_rows(0, 40)?;
        for row in [0, 1, 17, 39] {
            let alone = of_rows(row, 1)?;
            for (output, (all, one)) in together.iter().zip(&alone).enumerate() {
                let width = one.data().len();
                // One has its rows along another axis.
                if all.shape().first() != Some(&40) {
                    continue;
                }
                let part = part_of(all.data(), row * width, width);
                if part != part_of(one.data(), 0, width) {
                    return Err(format!("output {output}, row {row}: {part:?} and {:?}", one.data()));
                }
            }
        }
        Ok(())
    });
}

/// Some values: floats as their bits.
fn part_of(data: &Data, first: usize, count: usize) -> Vec<String> {
    match data {
        Data::F32(values) => values[first..first + count].iter().map(|x| x.to_bits().to_string()).collect(),
        Data::F64(values) => values[first..first + count].iter().map(|x| x.to_bits().to_string()).collect(),
        Data::I64(values) => values[first..first + count].iter().map(i64::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Values as their bits: what is no number equals itself.
fn bits(tensor: &Tensor) -> String {
    match tensor.data() {
        Data::F32(values) => format!("{:?}", values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        Data::F64(values) => format!("{:?}", values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        others => format!("{others:?}"),
    }
}

#[test]
fn class_ids_out_of_range_are_refused() {
    let error = Program::load(&Recorded::read(&fixtures().join("onnx"), REFUSED).bytes).unwrap_err();
    assert!(matches!(&error, Error::Attribute(refused) if refused.attribute == "class_ids"), "{error}");
}

/// Models beside what ONNX Runtime gave for them, as `tests/fixtures/onnx/README.md` tells how.
#[test]
#[ignore = "needs a folder of models, in the variable ONNX_MODELS"]
fn models_of_ones_own_compute_what_onnx_runtime_computed() {
    let folder = PathBuf::from(std::env::var_os("ONNX_MODELS").unwrap());
    hold(&Recorded::all(&folder), |model| {
        [(0, 257), (5, 1), (255, 2), (0, 1000)].into_iter().try_for_each(|(first, count)| {
            model.check(first, count).map_err(|what| format!("{count} rows: {what}"))
        })
    });
}
