{{- define "xaynet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "xaynet.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "xaynet.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "xaynet.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "xaynet.selector" -}}
app.kubernetes.io/name: {{ include "xaynet.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "xaynet.labels" -}}
{{ include "xaynet.selector" . }}
app.kubernetes.io/component: coordinator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "xaynet.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "xaynet.fullname" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "xaynet.secret" -}}
{{- default (printf "%s-secrets" (include "xaynet.fullname" .)) .Values.secrets.existingSecret }}
{{- end }}

{{- /* Whether there is a Secret at all. */}}
{{- define "xaynet.hasSecret" -}}
{{- if or .Values.secrets.existingSecret (compact (values .Values.secrets.values)) }}yes{{ end }}
{{- end }}

{{- /* What the chart decides, over what was given; it refuses to be contradicted. As JSON. */}}
{{- define "xaynet.settings" -}}
{{- $given := .Values.settings }}
{{- range list (list "api" "bind_address") (list "store" "kind") (list "store" "path") (list "store" "key") (list "redis" "url") (list "s3" "access_key") (list "s3" "secret_access_key") (list "admin" "token") }}
{{- $section := index . 0 }}{{ $key := index . 1 }}
{{- if hasKey (default dict (get $given $section)) $key }}
{{- fail (printf "settings.%s.%s cannot be set here: the chart decides it (mode, ipv6), or it is a secret (secrets)" $section $key) }}
{{- end }}
{{- end }}
{{- if hasKey $given "fleet" }}{{ fail "settings.fleet cannot be set here: the chart decides it (mode, ipv6)" }}{{ end }}
{{- $any := ternary "[::]" "0.0.0.0" .Values.ipv6 }}
{{- $ours := dict "api" (dict "bind_address" (printf "%s:8081" $any)) "log" (dict "format" "json") }}
{{- if eq .Values.mode "fleet" }}
{{- $ours = merge $ours (dict "store" (dict "kind" "redis" "blobs" "s3") "redis" (dict "prefix" (include "xaynet.fullname" .)) "fleet" (dict "bind_address" (printf "%s:8083" $any))) }}
{{- else }}
{{- $ours = merge $ours (dict "store" (dict "kind" "embedded" "path" "/var/lib/xaynet/data")) }}
{{- end }}
{{- if .Values.tls.secretName }}
{{- $_ := set $ours "api" (merge $ours.api (dict "tls_certificate" "/etc/xaynet-tls/tls.crt" "tls_key" "/etc/xaynet-tls/tls.key")) }}
{{- end }}
{{- mergeOverwrite $ours (deepCopy $given) | toJson }}
{{- end }}

{{- /* A map as TOML, a line a setting. Takes a list of the keys above, ending with a dot, and the map. */}}
{{- define "xaynet.toml" -}}
{{- $above := index . 0 }}
{{- $map := index . 1 }}
{{- range $key := keys $map | sortAlpha }}
{{- $value := get $map $key }}
{{- if kindIs "map" $value }}
{{- include "xaynet.toml" (list (printf "%s%s." $above $key) $value) }}
{{- else if not (kindIs "invalid" $value) }}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}
{{ $above }}{{ $key }} = {{ int64 $value }}
{{- else }}
{{ $above }}{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A variable from a key of the Secret. Takes the root, the variable, the key, and whether it may be missing. */}}
{{- define "xaynet.secretEnv" -}}
{{- $root := index . 0 }}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "xaynet.secret" $root }}
      key: {{ index . 2 }}
      optional: {{ index . 3 }}
{{- end }}

{{- /* The pod, of a fleet or a single coordinator. */}}
{{- define "xaynet.pod" -}}
{{- $settings := include "xaynet.settings" . | fromJson }}
{{- $fleet := eq .Values.mode "fleet" }}
{{- $scheme := ternary "HTTPS" "HTTP" (ne .Values.tls.secretName "") }}
metadata:
  labels:
    {{- include "xaynet.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Other settings, other pods.
    checksum/settings: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- if and (not .Values.secrets.existingSecret) (include "xaynet.hasSecret" .) }}
    checksum/secrets: {{ .Values.secrets.values | toJson | sha256sum }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "xaynet.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: coordinator
      image: {{ if .Values.image.digest }}{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}{{ else }}{{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}{{ end }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: ["coordinator", "-c", "/etc/xaynet/coordinator.toml"]
      env:
        # The image has variables of its own for these, which would win over the settings.
        - name: XAYNET__API__BIND_ADDRESS
          value: {{ printf "%s:8081" (ternary "[::]" "0.0.0.0" .Values.ipv6) | quote }}
        - name: XAYNET__STORE__PATH
          value: /var/lib/xaynet/data
        {{- if $fleet }}
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        # Where the others reach this one.
        - name: XAYNET__FLEET__ADVERTISE
          value: {{ ternary "http://[$(POD_IP)]:8083" "http://$(POD_IP):8083" .Values.ipv6 | quote }}
        {{- end }}
        {{- if include "xaynet.hasSecret" . }}
        {{- include "xaynet.secretEnv" (list . "XAYNET__STORE__KEY" "store-key" (not $fleet)) | trim | nindent 8 }}
        {{- if $fleet }}
        {{- include "xaynet.secretEnv" (list . "XAYNET__REDIS__URL" "redis-url" false) | trim | nindent 8 }}
        {{- end }}
        {{- if eq (default "store" $settings.store.blobs) "s3" }}
        {{- include "xaynet.secretEnv" (list . "XAYNET__S3__ACCESS_KEY" "s3-access-key" true) | trim | nindent 8 }}
        {{- include "xaynet.secretEnv" (list . "XAYNET__S3__SECRET_ACCESS_KEY" "s3-secret-access-key" true) | trim | nindent 8 }}
        {{- end }}
        {{- if dig "admin" "bind_address" "" $settings }}
        {{- include "xaynet.secretEnv" (list . "XAYNET__ADMIN__TOKEN" "admin-token" false) | trim | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: 8081
        {{- if $fleet }}
        - name: fleet
          containerPort: 8083
        {{- end }}
      # Alive asks nobody, so a Redis that is away restarts no coordinator; ready asks the store.
      startupProbe:
        httpGet:
          path: /healthz
          port: http
          scheme: {{ $scheme }}
        periodSeconds: {{ .Values.probes.startup.periodSeconds }}
        failureThreshold: {{ .Values.probes.startup.failureThreshold }}
      livenessProbe:
        httpGet:
          path: /healthz
          port: http
          scheme: {{ $scheme }}
        periodSeconds: {{ .Values.probes.liveness.periodSeconds }}
        timeoutSeconds: {{ .Values.probes.liveness.timeoutSeconds }}
        failureThreshold: {{ .Values.probes.liveness.failureThreshold }}
      readinessProbe:
        httpGet:
          path: /readyz
          port: http
          scheme: {{ $scheme }}
        periodSeconds: {{ .Values.probes.readiness.periodSeconds }}
        timeoutSeconds: {{ .Values.probes.readiness.timeoutSeconds }}
        failureThreshold: {{ .Values.probes.readiness.failureThreshold }}
      lifecycle:
        preStop:
          exec:
            command: ["sleep", {{ .Values.preStopSeconds | toString | quote }}]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop:
            - ALL
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: settings
          mountPath: /etc/xaynet
          readOnly: true
        {{- if .Values.tls.secretName }}
        - name: tls
          mountPath: /etc/xaynet-tls
          readOnly: true
        {{- end }}
        - name: scratch
          mountPath: /tmp
        - name: data
          mountPath: /var/lib/xaynet
  volumes:
    - name: settings
      configMap:
        name: {{ include "xaynet.fullname" . }}
    {{- if .Values.tls.secretName }}
    - name: tls
      secret:
        secretName: {{ .Values.tls.secretName }}
    {{- end }}
    - name: scratch
      emptyDir:
        sizeLimit: {{ .Values.scratch.sizeLimit }}
    {{- if $fleet }}
    # Nothing of a round is here: all of it is in Redis and S3.
    - name: data
      emptyDir:
        sizeLimit: {{ .Values.scratch.sizeLimit }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and $fleet .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range .Values.topologySpreadConstraints }}
    {{- $selector := dict "labelSelector" (dict "matchLabels" (include "xaynet.selector" $ | fromYaml)) "matchLabelKeys" (list "pod-template-hash") }}
    {{- list (ternary . (merge (deepCopy .) $selector) (hasKey . "labelSelector")) | toYaml | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
