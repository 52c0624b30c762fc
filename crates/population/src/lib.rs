//! Generated residents for the demo town, the benchmarks and the tests. Pure.
