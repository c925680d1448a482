//! Boolean expressions over leaves of any type, so that the runtime can use its own components as leaves.

/// A Boolean expression: leaves combined with `!`, `&` and `|`.
///
/// `And` and `Or` have two or more operands, and none of them is of the same variant. [`Expr::and`] and [`Expr::or`]
/// maintain this. Such an expression prints in the policy language with the fewest parentheses and parses back to itself.
///
/// ```
/// use fluxgate_policy::Expr;
///
/// let expr = Expr::or(Expr::Leaf("a"), Expr::and(Expr::Leaf("b"), Expr::or(Expr::Leaf("c"), Expr::Leaf("d"))));
/// assert_eq!(expr.to_string(), "a | b & (c | d)");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expr<L> {
    /// A component.
    Leaf(L),
    /// An operand negated with `!`.
    Not(Box<Self>),
    /// Operands joined by `&`.
    And(Vec<Self>),
    /// Operands joined by `|`.
    Or(Vec<Self>),
}

impl<L> Expr<L> {
    /// Returns `!operand`.
    #[expect(clippy::should_implement_trait, reason = "a constructor like `and` and `or`, not an operator")]
    pub fn not(operand: Self) -> Self {
        Self::Not(Box::new(operand))
    }

    /// Returns `left & right`. The operands of a side that is an `And` are merged into the result.
    #[must_use]
    pub fn and(left: Self, right: Self) -> Self {
        Self::And(joined(left.into_and(), right.into_and()))
    }

    /// Returns `left | right`. The operands of a side that is an `Or` are merged into the result.
    #[must_use]
    pub fn or(left: Self, right: Self) -> Self {
        Self::Or(joined(left.into_or(), right.into_or()))
    }

    /// Joins all operands with `&`. Returns a single operand as it is, and `None` without operands.
    ///
    /// ```
    /// use fluxgate_policy::Expr;
    ///
    /// let all = Expr::all(["a", "b", "c"].map(Expr::Leaf)).unwrap();
    /// assert_eq!(all.to_string(), "a & b & c");
    /// assert_eq!(Expr::<&str>::all([]), None);
    /// ```
    pub fn all(operands: impl IntoIterator<Item = Self>) -> Option<Self> {
        join(operands, Self::into_and, Self::And)
    }

    /// Joins all operands with `|`. Returns a single operand as it is, and `None` without operands.
    pub fn any(operands: impl IntoIterator<Item = Self>) -> Option<Self> {
        join(operands, Self::into_or, Self::Or)
    }

    fn into_and(self) -> Vec<Self> {
        match self {
            Self::And(operands) => operands,
            other => vec![other],
        }
    }

    fn into_or(self) -> Vec<Self> {
        match self {
            Self::Or(operands) => operands,
            other => vec![other],
        }
    }

    /// Returns an iterator over the leaves from left to right.
    ///
    /// ```
    /// use fluxgate_policy::{Kind, parse};
    ///
    /// let tripper = parse(Kind::Tripper, "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)").unwrap();
    /// assert!(tripper.leaves().map(|component| component.name()).eq(["FailureStreak", "MinRequests", "FailureRate"]));
    /// ```
    pub fn leaves(&self) -> Leaves<'_, L> {
        Leaves { pending: vec![self] }
    }

    /// Replaces each leaf by the result of `make`, from left to right.
    pub fn map<T>(self, mut make: impl FnMut(L) -> T) -> Expr<T> {
        let mapped = self.try_map(|leaf| Ok::<T, std::convert::Infallible>(make(leaf)));
        match mapped {
            Ok(expr) => expr,
            Err(never) => match never {},
        }
    }

    /// Like [`map`](Self::map), but `make` can fail.
    ///
    /// # Errors
    ///
    /// Returns the first error of `make`, which is then not called again.
    ///
    /// ```
    /// use fluxgate_policy::Expr;
    ///
    /// let numbers = |expr: Expr<&str>| expr.try_map(str::parse::<u32>);
    /// assert_eq!(numbers(Expr::not(Expr::Leaf("1"))), Ok(Expr::not(Expr::Leaf(1))));
    /// assert!(numbers(Expr::or(Expr::Leaf("1"), Expr::Leaf("x"))).is_err());
    /// ```
    pub fn try_map<T, E>(self, mut make: impl FnMut(L) -> Result<T, E>) -> Result<Expr<T>, E> {
        self.try_map_by(&mut make)
    }

    fn try_map_by<T, E>(self, make: &mut impl FnMut(L) -> Result<T, E>) -> Result<Expr<T>, E> {
        Ok(match self {
            Self::Leaf(leaf) => Expr::Leaf(make(leaf)?),
            Self::Not(operand) => Expr::not(operand.try_map_by(make)?),
            Self::And(operands) => Expr::And(try_map_each(operands, make)?),
            Self::Or(operands) => Expr::Or(try_map_each(operands, make)?),
        })
    }

    /// Evaluates the expression, with `leaf` giving the value of each leaf. `&` and `|` short-circuit, from left to right.
    ///
    /// ```
    /// use fluxgate_policy::Expr;
    ///
    /// let expr = Expr::and(Expr::Leaf(true), Expr::not(Expr::Leaf(false)));
    /// assert!(expr.holds(|leaf| *leaf));
    /// ```
    pub fn holds(&self, mut leaf: impl FnMut(&L) -> bool) -> bool {
        self.holds_by(&mut leaf)
    }

    fn holds_by(&self, leaf: &mut impl FnMut(&L) -> bool) -> bool {
        match self {
            Self::Leaf(it) => leaf(it),
            Self::Not(operand) => !operand.holds_by(leaf),
            Self::And(operands) => operands.iter().all(|operand| operand.holds_by(leaf)),
            Self::Or(operands) => operands.iter().any(|operand| operand.holds_by(leaf)),
        }
    }
}

impl<L> From<L> for Expr<L> {
    fn from(leaf: L) -> Self {
        Self::Leaf(leaf)
    }
}

/// Appends `more` to `operands` without spare capacity, because a breaker keeps its policy for its lifetime.
fn joined<L>(mut operands: Vec<Expr<L>>, mut more: Vec<Expr<L>>) -> Vec<Expr<L>> {
    operands.reserve_exact(more.len());
    operands.append(&mut more);
    operands
}

fn join<L>(
    operands: impl IntoIterator<Item = Expr<L>>,
    flatten: fn(Expr<L>) -> Vec<Expr<L>>,
    wrap: fn(Vec<Expr<L>>) -> Expr<L>,
) -> Option<Expr<L>> {
    let mut operands = operands.into_iter();
    let first = operands.next()?;
    let Some(second) = operands.next() else { return Some(first) };
    let mut flat = flatten(first);
    for operand in std::iter::once(second).chain(operands) {
        flat.append(&mut flatten(operand));
    }
    Some(wrap(flat))
}

fn try_map_each<L, T, E>(operands: Vec<Expr<L>>, make: &mut impl FnMut(L) -> Result<T, E>) -> Result<Vec<Expr<T>>, E> {
    operands.into_iter().map(|operand| operand.try_map_by(make)).collect()
}

/// An iterator over the leaves of an [`Expr`] from left to right.
#[derive(Debug)]
pub struct Leaves<'e, L> {
    /// The expressions still to be visited; the next one is the last.
    pending: Vec<&'e Expr<L>>,
}

impl<'e, L> Iterator for Leaves<'e, L> {
    type Item = &'e L;

    fn next(&mut self) -> Option<&'e L> {
        loop {
            match self.pending.pop()? {
                Expr::Leaf(leaf) => return Some(leaf),
                Expr::Not(operand) => self.pending.push(operand),
                Expr::And(operands) | Expr::Or(operands) => self.pending.extend(operands.iter().rev()),
            }
        }
    }
}
