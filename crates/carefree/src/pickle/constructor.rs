//! The names that a pickle may use. Each builds data; none runs anything.

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Constructor {
    /// A value wrapped in a name: an enumeration's member, a type code.
    Wrapped(&'static str),
    /// An object with fields.
    Object(&'static str),
    /// `collections.Counter`: a dict.
    Counter,
    /// Makes the type of a record from a list of field names.
    Namedtuple,
    /// A record with these fields, as values of the pickle.
    Record(Vec<u32>),
    /// Names a module, which stays a name.
    ImportModule,
    /// Names something in a module.
    Attribute,
    /// Names a built-in type.
    LoadType,
    /// The type of sets.
    Set,
    /// A module's name.
    Module(&'static str),
    /// numpy's array type.
    ArrayType,
    /// An array, empty until its state comes.
    Reconstruct,
    /// An array's element type.
    ElementType,
    /// One number of an element type.
    Scalar,
}

/// Modules under which the functions that rebuild arrays are known.
const ARRAY_MODULES: [&str; 4] = [
    "numpy.core._multiarray_umath",
    "numpy.core.multiarray",
    "numpy._core._multiarray_umath",
    "numpy._core.multiarray",
];

impl Constructor {
    /// What a name of a module stands for, if it is on the list.
    pub(crate) fn named(module: &str, name: &str) -> Option<Constructor> {
        Some(match (module, name) {
            ("cfdata.tabular.misc", "TaskTypes") => Constructor::Wrapped("TaskTypes"),
            ("cfdata.tabular.misc", "ColumnTypes") => Constructor::Wrapped("ColumnTypes"),
            ("datatable.types", "stype") => Constructor::Wrapped("stype"),
            ("cfdata.tabular.processors.normalize.core", "Normalize") => Constructor::Object("Normalize"),
            ("cfdata.tabular.processors.identical.core", "Identical") => Constructor::Object("Identical"),
            ("cfdata.tabular.processors.min_max.core", "MinMax") => Constructor::Object("MinMax"),
            ("cfdata.tabular.processors.logarithm.core", "Logarithm") => Constructor::Object("Logarithm"),
            ("collections", "Counter") => Constructor::Counter,
            ("dill._dill", "_create_namedtuple") => Constructor::Namedtuple,
            ("dill._dill", "_import_module") => Constructor::ImportModule,
            ("dill._dill", "_get_attr") => Constructor::Attribute,
            ("dill._dill", "_load_type") => Constructor::LoadType,
            ("numpy", "ndarray") => Constructor::ArrayType,
            ("numpy", "dtype") => Constructor::ElementType,
            (module, "_reconstruct") if ARRAY_MODULES.contains(&module) => Constructor::Reconstruct,
            (module, "scalar") if ARRAY_MODULES.contains(&module) => Constructor::Scalar,
            _ => return None,
        })
    }

    /// What a module's name stands for, if anything in it is on the list.
    pub(crate) fn module(module: &str) -> Option<Constructor> {
        let known = ARRAY_MODULES.into_iter().find(|known| *known == module)?;
        Some(Constructor::Module(known))
    }
}
