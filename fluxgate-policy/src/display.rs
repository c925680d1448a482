//! Printing in the policy language, in a form that parses back to an equal value.

use std::fmt::{self, Display, Formatter};

use crate::duration;
use crate::expr::Expr;
use crate::model::{Component, Value};
use crate::number;

impl<L: Display> Display for Expr<L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(leaf) => leaf.fmt(f),
            Self::Not(operand) => {
                f.write_str("!")?;
                write_operand(operand, matches!(**operand, Self::And(_) | Self::Or(_)), f)
            }
            Self::And(operands) => write_joined(operands, " & ", |it| matches!(it, Self::And(_) | Self::Or(_)), f),
            Self::Or(operands) => write_joined(operands, " | ", |it| matches!(it, Self::Or(_)), f),
        }
    }
}

fn write_joined<L: Display>(
    operands: &[Expr<L>],
    operator: &str,
    in_parentheses: impl Fn(&Expr<L>) -> bool,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    for (position, operand) in operands.iter().enumerate() {
        if position > 0 {
            f.write_str(operator)?;
        }
        write_operand(operand, in_parentheses(operand), f)?;
    }
    Ok(())
}

fn write_operand<L: Display>(operand: &Expr<L>, in_parentheses: bool, f: &mut Formatter<'_>) -> fmt::Result {
    if in_parentheses { write!(f, "({operand})") } else { operand.fmt(f) }
}

impl Display for Component {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        let mut separator = "";
        for (parameter, value) in self.values() {
            match parameter.default {
                None => write!(f, "{separator}{value}")?,
                Some(default) if Value::from(default) == *value => continue,
                Some(_) => write!(f, "{separator}{} = {value}", parameter.name)?,
            }
            separator = ", ";
        }
        f.write_str(")")
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Number(number) => f.write_str(&number::text(*number)),
            Self::Duration(nanos) => f.write_str(&duration::text(*nanos)),
            Self::Rust(rust) => f.write_str(&rust.text),
        }
    }
}
