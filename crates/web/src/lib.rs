//! The page shell, the design system, languages, Caller, Problem and the Service trait.
