//! Texts of sweeps made by hand.
