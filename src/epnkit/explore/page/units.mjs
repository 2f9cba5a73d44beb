// Units of frequency, energy and wavelength, and hertz.

// Hertz of a unit of frequency or energy; of a wavelength, metres with a minus.
const factors = { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9, "nm": -1e-9, "Å": -1e-10, "µm": -1e-6, m: -1, keV: 2.417989242e17 };
const LIGHT = 299792458; // metres a second

export const units = Object.keys(factors);

export const toHertz = (value, unit) => (factors[unit] > 0 ? value * factors[unit] : LIGHT / (value * -factors[unit]));

export const fromHertz = (hertz, unit) => (factors[unit] > 0 ? hertz / factors[unit] : LIGHT / (hertz * -factors[unit]));
