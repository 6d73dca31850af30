#!/usr/bin/env bash
# Checks what can be checked of the deployment without a cluster: the alert rules and their tests,
# and that both overlays are valid Kubernetes objects. Needs promtool, kubectl and kubernetes-validate.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in promtool kubectl kubernetes-validate; do
    command -v "$tool" >/dev/null || { echo "deploy/check.sh: $tool is not installed" >&2; exit 1; }
done

promtool check config --syntax-only deploy/prometheus/prometheus.yml
promtool check rules deploy/prometheus/rules/*.yml
promtool test rules deploy/prometheus/tests/*.yml

rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
for overlay in k8s/overlays/*/; do
    kubectl kustomize "$overlay" >"$rendered"
    kubernetes-validate --strict --quiet "$rendered"
    echo "$overlay: $(grep -c '^kind:' "$rendered") valid objects"
done
