// Fails with: settings.OTEL_EXPORTER_OTLP_ENDPOINT is not an https address. Example: https://otel.example.net.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.example.net' }
