{{- define "camcover.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "camcover.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "camcover.labels" -}}
{{ include "camcover.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "camcover.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The settings of the service: those that follow from other values, and further ones. */}}
{{- define "camcover.settings" -}}
{{- $own := dict "listen" "0.0.0.0:50051" "drain-seconds" .Values.drainSeconds -}}
{{- if .Values.http.enabled }}{{ $_ := set $own "http" "0.0.0.0:8080" }}{{ end -}}
{{- if .Values.tls.secret -}}
{{- $_ := set $own "tls-certificate" "/etc/camcover/tls/tls.crt" -}}
{{- $_ := set $own "tls-key" "/etc/camcover/tls/tls.key" -}}
{{- if .Values.tls.clientCa }}{{ $_ := set $own "tls-client-ca" "/etc/camcover/tls/ca.crt" }}{{ end -}}
{{- else -}}
{{- $_ := set $own "insecure" true -}}
{{- end -}}
{{- if .Values.tokens.secret }}{{ $_ := set $own "tokens" (printf "/etc/camcover/callers/%s" .Values.tokens.key) }}{{ end -}}
{{- if eq .Values.rules.source "configMap" }}{{ $_ := set $own "rules" (list "/etc/camcover/rules") }}{{ end -}}
{{- if not .Values.database.secret }}{{ $_ := set $own "database-url" "off" }}{{ end -}}
{{- range $name := keys $own | sortAlpha }}
{{- if hasKey $.Values.settings $name }}{{ fail (printf "settings.%s: the chart sets it from other values" $name) }}{{ end }}
{{ $name }} = {{ toJson (get $own $name) }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }} = {{ toJson $value }}
{{- end }}
{{- end -}}

{{- define "camcover.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "camcover.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "camcover.databaseVariable" -}}
- name: CAMCOVER_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secret }}
      key: {{ .Values.database.key }}
{{- end -}}
