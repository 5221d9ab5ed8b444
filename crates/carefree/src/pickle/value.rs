//! The values of a pickle.

use super::{Array, Constructor};

/// A pickle that was read: its values, each once, however often the pickle refers to it.
#[derive(Debug)]
pub struct Pickle<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) root: u32,
}

/// What is stored for a value. Values refer to others by their place.
#[derive(Debug, Clone)]
pub(crate) enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    List(Vec<u32>),
    Tuple(Vec<u32>),
    Set(Vec<u32>),
    Dict(Vec<(u32, u32)>),
    Record {
        fields: Vec<u32>,
        values: Vec<u32>,
    },
    Constructor(Constructor),
    Wrapped {
        name: &'static str,
        value: u32,
    },
    /// An object whose fields are not looked at.
    Object {
        name: &'static str,
    },
    ElementType {
        code: &'a str,
        little_endian: bool,
    },
    Array {
        shape: Vec<usize>,
        element: u32,
        data: u32,
    },
    /// An array whose state has not come yet.
    Unfilled,
}

impl Node<'_> {
    /// How many other values it refers to.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => items.len(),
            Node::Dict(pairs) => pairs.len() * 2,
            Node::Record { fields, values } => fields.len() + values.len(),
            Node::Constructor(Constructor::Record(fields)) => fields.len(),
            Node::Array { shape, .. } => shape.len(),
            _ => 1,
        }
    }
}

/// A value of a pickle, to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Value<'p, 'a> {
    pub(crate) pickle: &'p Pickle<'a>,
    pub(crate) at: u32,
}

impl<'a> Pickle<'a> {
    /// The value that the pickle is of.
    pub fn root(&self) -> Value<'_, 'a> {
        Value { pickle: self, at: self.root }
    }
}

impl<'p, 'a> Value<'p, 'a> {
    pub(crate) fn node(self) -> &'p Node<'a> {
        &self.pickle.nodes[self.at as usize]
    }

    fn other(self, at: u32) -> Value<'p, 'a> {
        Value { pickle: self.pickle, at }
    }

    /// A number: an integer, a float, a truth value, or numpy's scalar of one.
    pub fn as_number(self) -> Option<f64> {
        match self.node() {
            Node::Int(number) => Some(*number as f64),
            Node::Float(number) => Some(*number),
            Node::Bool(yes) => Some(f64::from(u8::from(*yes))),
            Node::Array { shape, .. } if shape.is_empty() => self.as_array()?.numbers()?.first().copied(),
            _ => None,
        }
    }

    /// An integer that is not negative.
    pub fn as_index(self) -> Option<u32> {
        let number = self.as_number()?;
        let index = number as u32;
        (f64::from(index) == number).then_some(index)
    }

    /// A truth value.
    pub fn as_bool(self) -> Option<bool> {
        match self.node() {
            Node::Bool(yes) => Some(*yes),
            Node::Array { shape, .. } if shape.is_empty() => self.as_number().map(|number| number != 0.0),
            _ => None,
        }
    }

    /// Text.
    pub fn as_text(self) -> Option<&'a str> {
        match self.node() {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Bytes, which may hold another pickle.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match self.node() {
            Node::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it is Python's `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The items of a list, a tuple or a set.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Value<'p, 'a>>> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => {
                Some(items.iter().map(move |at| self.other(*at)))
            }
            _ => None,
        }
    }

    /// The keys and values of a dict.
    pub fn pairs(self) -> Option<impl ExactSizeIterator<Item = (Value<'p, 'a>, Value<'p, 'a>)>> {
        match self.node() {
            Node::Dict(pairs) => {
                Some(pairs.iter().map(move |(key, value)| (self.other(*key), self.other(*value))))
            }
            _ => None,
        }
    }

    /// A dict's value or a record's field of that name; the last one, as Python would have it.
    pub fn field(self, name: &str) -> Option<Value<'p, 'a>> {
        let named = |key: &&u32| self.other(**key).as_text() == Some(name);
        match self.node() {
            Node::Dict(pairs) => {
                let pair = pairs.iter().rev().find(|(key, _)| named(&key))?;
                Some(self.other(pair.1))
            }
            Node::Record { fields, values } => {
                let place = fields.iter().position(|field| named(&field))?;
                values.get(place).map(|at| self.other(*at))
            }
            _ => None,
        }
    }

    /// What a member of an enumeration or a type code wraps.
    pub fn wrapped(self) -> Option<(&'static str, Value<'p, 'a>)> {
        match self.node() {
            Node::Wrapped { name, value } => Some((name, self.other(*value))),
            _ => None,
        }
    }

    /// An array.
    pub fn as_array(self) -> Option<Array<'p, 'a>> {
        match self.node() {
            Node::Array { shape, element, data } => {
                let Node::ElementType { code, little_endian } = self.other(*element).node() else {
                    return None;
                };
                Some(Array { shape, code, little_endian: *little_endian, data: self.other(*data) })
            }
            _ => None,
        }
    }

    /// The word for what it is, for a message.
    pub fn kind(self) -> &'static str {
        match self.node() {
            Node::None => "None",
            Node::Bool(_) => "a truth value",
            Node::Int(_) => "an integer",
            Node::Float(_) => "a float",
            Node::Text(_) => "text",
            Node::Bytes(_) => "bytes",
            Node::List(_) => "a list",
            Node::Tuple(_) => "a tuple",
            Node::Set(_) => "a set",
            Node::Dict(_) => "a dict",
            Node::Record { .. } => "a record",
            Node::Constructor(_) => "a name",
            Node::Wrapped { name, .. } | Node::Object { name, .. } => name,
            Node::ElementType { .. } => "an element type",
            Node::Array { .. } | Node::Unfilled => "an array",
        }
    }
}
