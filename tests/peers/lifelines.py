"""Survival curves by lifelines: sets of stretches come in as JSON, curves go out as JSON.

A set: {"from": [...], "until": [...], "acted": [...], "weight": [...]}. Its answer: a list of [hour, at
risk, share, low, high] at each hour with an event, and the mean within the horizon 50; null where
lifelines refuses the set.
"""

import json
import sys
import warnings

import numpy
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatError

HORIZON = 50.0


def curve(one):
    acted = numpy.array(one["acted"], dtype=bool)
    fitter = KaplanMeierFitter(alpha=0.05)
    try:
        fitter.fit(
            numpy.array(one["until"]),
            event_observed=acted,
            entry=numpy.array(one["from"]),
            weights=numpy.array(one["weight"]),
        )
    except StatError:
        return None
    points = []
    for hour in sorted(set(numpy.array(one["until"])[acted])):
        low, high = fitter.confidence_interval_.loc[hour]
        row = fitter.event_table.loc[hour]
        # The table counts among those at risk who comes in at that hour; the estimate does not.
        at_risk = row["at_risk"] - row["entrance"]
        share = fitter.survival_function_.loc[hour].iloc[0]
        points.append([float(value) for value in (hour, at_risk, share, low, high)])
    mean, share, since = 0.0, 1.0, 0.0
    for hour, _, after, _, _ in points:
        if hour >= HORIZON:
            break
        mean += share * (hour - since)
        share, since = after, hour
    return {"points": points, "mean": mean + share * (HORIZON - since)}


warnings.simplefilter("ignore")
json.dump([curve(one) for one in json.load(sys.stdin)], sys.stdout)
