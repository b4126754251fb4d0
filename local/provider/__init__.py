"""An `aws` provider plugin for local runs: the real engine talks to it, and it talks to the embedded AWS by boto3.

It speaks pulumi-aws: the same types, properties, defaults and replace-or-update decisions, so that a program and
its policies meet here what they meet with a real account. To add a type, add one file to `resources/`.
"""
