"""What Locust runs: the one shape of this load, its fans and, in a storm, the bots."""

from loadtests.fan import Fan
from loadtests.load import calm_fans, current
from loadtests.shapes import SHAPES

Shape = SHAPES[current().shape]

if current().shape == "storm":
    from loadtests.bots import Forger, Hammer

    # Users of a fixed count come first and leave last: the calm before and after the storm is all fans.
    Fan.fixed_count = calm_fans(current().users)
    BOTS = (Forger, Hammer)
