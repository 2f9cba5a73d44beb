"""Electric currents of active regions, of the vector magnetograms of HMI, one granule a map."""

import polars as pl

from epnkit.mapping import (
    FIELD,
    WORLD_COORDINATES,
    Mapping,
    Outcome,
    access,
    compute,
    file_identifier,
    hash_list,
    hertz,
    image_field,
    julian_date,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Link,
    Service,
    companion,
    documentation,
    helioviewer,
    this,
)

#: ``hmi.sharp_cea_720s.377.20110215_040000_TAI.jr.fits``: JSOC's series, the patch and the slot.
NAME = r"^(hmi\.sharp_cea_720s(?:_nrt)?\.\d+\.\d{8}_\d{6}_TAI\.jr)\.fits$"

#: A slot as JSOC writes it in headers, and the same in a name.
SLOT = r"^(\d{4})\.(\d\d)\.(\d\d)_(\d\d):(\d\d):(\d\d)(?:\.\d+)?_TAI$"
SLOT_IN_NAME = r"^.*\.(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_TAI\..*$"

#: Units of a density of current, without the marks between their parts, in A/m2.
AMPERES = {"A/m2": 1.0, "mA/m2": 1e-3}

file_name = pl.col("file_name")
series = file_name.str.extract(r"^(hmi\.sharp_cea_720s(?:_nrt)?)\.", 1)
# The slot of the header; of a header without one that of the name.
slot = pl.coalesce(
    "T_REC", file_name.str.replace(SLOT_IN_NAME, "${1}.${2}.${3}_${4}:${5}:${6}_TAI")
)
harp = pl.coalesce("HARPNUM", file_name.str.extract(r"\.(\d+)\.\d{8}_", 1).cast(pl.Int64))
# Of several regions the list is the only place that names all; JSOC writes MISSING for none.
regions = pl.coalesce(
    pl.col("NOAA_ARS").str.replace(r"^\s*(MISSING|0)?\s*$", "").replace("", None),
    pl.when(pl.col("NOAA_AR") > 0).then(pl.col("NOAA_AR").cast(pl.String)),
)


def agree(uid: pl.Series, name: pl.Series, harp: pl.Series, slot: pl.Series) -> Outcome:
    """Refuse a file whose header is of another patch or slot than its name."""
    told = pl.DataFrame([name.alias("name"), harp.alias("harp"), slot.alias("slot")])
    compact = pl.col("slot").str.replace(SLOT, ".${1}${2}${3}_${4}${5}${6}_TAI.")
    patch = pl.format(".{}.", pl.col("harp"))
    same = pl.col("name").str.contains(compact, literal=True) & pl.col("name").str.contains(
        patch, literal=True
    )
    other = ~told.select(same).to_series().fill_null(value=False)
    return Outcome.checked(uid, uid.set(other, None), "has a header of another patch or time")


def density(values: pl.Series, unit: pl.Series) -> pl.Series:
    """Convert densities of current to A/m2; null if the unit is of anything else."""
    plain = unit.cast(pl.String).str.replace_all(r"[\s()^*]", "")
    return values * plain.replace_strict(AMPERES, default=None, return_dtype=pl.Float64)


mapping = Mapping(
    columns={
        "granule_uid": compute(
            agree,
            compute(
                file_identifier, "file_name", "unreadable", pattern=NAME, what="a map of currents"
            ),
            file_name,
            harp,
            slot,
        ),
        "granule_gid": pl.when(series.str.ends_with("_nrt"))
        .then(pl.lit("radial current density, near real time"))
        .otherwise(pl.lit("radial current density")),
        "obs_id": file_name.str.extract(r"^(.*_TAI)\.jr\.fits$", 1),
        "dataproduct_type": "ma",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-active-regions",
        "feature_name": compute(
            hash_list,
            pl.concat_str(
                pl.format("HARP {}", harp),
                regions.str.replace_all(r"\s*(\d+)\s*,?", "#NOAA ${1}").fill_null(""),
            ),
        ),
        # DATE-OBS is in UTC; slots are in TAI, and so may be of the day after.
        "time_min": compute(julian_date, pl.coalesce("DATE-OBS", slot)),
        "time_max": compute(julian_date, slot),
        "spectral_range_min": compute(hertz, "WAVELNTH", unit="Angstrom"),
        "spectral_range_max": compute(hertz, "WAVELNTH", unit="Angstrom"),
        FIELD: compute(image_field, *WORLD_COORDINATES),
        "subobserver_longitude_min": pl.col("CRLN_OBS") % 360,
        "subobserver_longitude_max": pl.col("CRLN_OBS") % 360,
        "subobserver_latitude_min": pl.col("CRLT_OBS"),
        "subobserver_latitude_max": pl.col("CRLT_OBS"),
        "spatial_coordinate_description": "Carrington",
        # The series is projected so; some headers do not say where the map lies.
        "map_projection": pl.col("CTYPE1").str.slice(-3).fill_null("CEA"),
        "instrument_host_name": "Solar Dynamics Observatory#SDO",
        "instrument_name": "Helioseismic and Magnetic Imager#HMI",
        "measurement_type": "phys.current.density",
        "processing_level": 5,
        **access(pl.col("url"), pl.col("file_size")),
        "file_name": file_name,
        "thumbnail_url": pl.col("thumbnail.url"),
        "bib_reference": "doi:10.1007/s11207-014-0529-3",
        "harp_number": harp,
        "noaa_number": compute(hash_list, regions, separators=","),
        "t_rec": slot,
        "current_density_min": compute(density, "DATAMIN", "BUNIT"),
        "current_density_max": compute(density, "DATAMAX", "BUNIT"),
        # JSOC's own figure of the patch is in mA/m2, whatever the map is in.
        "current_density_mean": pl.col("MEANJZD") / 1000,
        "total_current": pl.col("TOTUSJZ"),
        "quality": pl.col("QUALITY"),
    },
    own_columns={
        "harp_number": "integer",
        "noaa_number": "text",
        "t_rec": "text",
        "current_density_min": "double",
        "current_density_max": "double",
        "current_density_mean": "double",
        "total_current": "double",
        "quality": "integer",
        "footprint_area": "double",
        "footprint_flags": "text",
    },
)

#: The record of the patch at JSOC, of which the map was made.
record = pl.format(
    "http://jsoc.stanford.edu/ajax/lookdata.html?ds={}%5B{}%5D%5B{}%5D", series, harp, slot
)

links = (
    this("The map of the radial density of currents", pl.col("file_size")),
    companion("#preview", "preview", "The map as a picture"),
    companion("#counterpart", "magnetogram", "The magnetogram of the same patch and time"),
    Link("#progenitor", record, "The vector magnetogram that it was made of, at JSOC", "text/html"),
    helioviewer(pl.col("DATE-OBS")),
    documentation(
        "https://doi.org/10.1007/s11207-014-0529-3",
        "Bobra et al. 2014: the patches (SHARPs) and their keywords",
    ),
    documentation("https://doi.org/10.48322/m97j-0816", "The data set of the patches: its DOI"),
    documentation("https://idoc.osups.universite-paris-saclay.fr/medoc/", "MEDOC, and its data"),
)

service = Service(
    name="medoc_currents",
    frame="body",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
)
