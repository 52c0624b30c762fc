//! Days, ages, school years, eras, names and addresses, as Japanese towns count them. Pure.
