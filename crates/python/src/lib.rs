//! The wheel's native half: what is here has the names and the words of the Rust API, and takes and gives the simplest
//! types of Python. What users see is `python/automl_pack`, a thin layer above.

mod arrow;
mod auto;
mod failure;
mod job;
mod making;
mod reports;
mod rows;
mod scores;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    automl_pack::command::quieten_guarded_panics();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<auto::Auto>()?;
    module.add_class::<scores::Scores>()?;
    module.add_class::<arrow::Batch>()?;
    module.add_function(wrap_pyfunction!(making::pack, module)?)?;
    module.add_function(wrap_pyfunction!(making::convert, module)?)?;
    module.add_function(wrap_pyfunction!(job::run_job, module)?)?;
    module.add_function(wrap_pyfunction!(reports::run, module)?)?;
    module.add_function(wrap_pyfunction!(reports::inspect, module)?)?;
    module.add_function(wrap_pyfunction!(reports::verify, module)?)?;
    module.add_function(wrap_pyfunction!(reports::audit, module)?)?;
    module.add_function(wrap_pyfunction!(reports::diff, module)?)?;
    module.add_function(wrap_pyfunction!(reports::prepare, module)?)?;
    Ok(())
}
