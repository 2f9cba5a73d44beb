"""Run by a Python that has pysitools2 and nothing of epnkit: what does MEDOC's client read?

Usage: with_pysitools2.py SERVER [euvsyn|sdo]; prints, as JSON, the data set's columns and what
searches find, by default in the data set of Gaia-DEM.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from sitools2 import EuvsynClientMedoc, GaiaClientMedoc, SdoClientMedoc  # type: ignore[import-not-found]
from sitools2.clients import medoc_config  # type: ignore[import-not-found]
from sitools2.clients.instrument_dataset import SdoDataset  # type: ignore[import-not-found]


def search_gaia(server: str) -> dict[str, Any]:
    """Search as the example in the client's documentation does."""
    dates = [datetime(2012, 8, 10), datetime(2012, 8, 11)]
    found = GaiaClientMedoc(server=server).search(dates=dates, nb_res_max=2)
    # A client keeps what it was told last, so this is another one.
    year = [datetime(2013, 1, 1), datetime(2014, 1, 1)]
    many = GaiaClientMedoc(server=server).search(dates=year)
    shown = [[each.sunum_193, each.filename, str(each.date_obs)] for each in found]
    return {"found": shown, "many": len(many)}


def search_euvsyn(server: str) -> dict[str, Any]:
    """Search as the client's own tests do."""
    dates = [datetime(2004, 3, 1), datetime(2004, 3, 4, 1)]
    waves = [171, 195, 284, 304]
    found = EuvsynClientMedoc(server=server).search(dates=dates, waves=waves)
    return {"found": [[each.wave, each.date_obs] for each in found]}


class SdoClient(SdoClientMedoc):  # type: ignore[misc]
    """MEDOC's client, which chooses the data set by its server's name."""

    def get_dataset_server(self, series: str | None = None) -> Any:
        """Give the data set of a series."""
        of_hmi = series is not None and series.startswith("hmi")
        name = medoc_config.SDO_HMI_DATASET_ID if of_hmi else medoc_config.SDO_AIA_DATASET_ID
        return SdoDataset(f"{self.server}/{name}")


def search_sdo(server: str) -> dict[str, Any]:
    """Search images and patches as the client's documentation does."""
    dates = [datetime(2014, 4, 30, 23), datetime(2014, 5, 2)]
    images = SdoClient(server=server).search(dates=dates, waves=["171"], cadence=["1m"])
    series = "hmi.sharp_cea_720s"
    patches = SdoClient(server=server).search(dates=dates, series=series, cadence=["12s"])
    images.sort(key=lambda each: each.recnum)
    return {
        # A file's name before that of its segment.
        "images": [
            [each.recnum, each.get_filename_and_create_target_dir(None, None)] for each in images
        ],
        "patches": [[each.series_name, each.harpnum] for each in patches],
    }


def main(server: str, name: str = "gaia") -> None:
    """Describe the data set, and search it."""
    # It talks to MEDOC's own servers alone, unless they are listed here.
    medoc_config.ALLOWED_SERVER_LIST.append(server)
    clients = {"euvsyn": EuvsynClientMedoc, "sdo": SdoClient, "gaia": GaiaClientMedoc}
    client = clients[name](server=server)
    dataset = client.get_dataset_server()
    described = {
        "columns": [field.name for field in dataset.fields_list],
        "key": dataset.primary_key.name,
        "resources": [each.rpartition("/")[2] for each in dataset.resources_target],
    }
    searches = {"euvsyn": search_euvsyn, "sdo": search_sdo, "gaia": search_gaia}
    print(json.dumps({**described, **searches[name](server)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
