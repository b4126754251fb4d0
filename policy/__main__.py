"""Serves the policy pack to the Pulumi engine; it does not return."""

from pulumi_policy import PolicyPack

from policy.analysis import policies

if __name__ == "__main__":
    PolicyPack(name="order-pipelines", policies=[*policies()])
