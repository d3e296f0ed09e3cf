// Fails with: settings.OTEL_EXPORTER_OTLP_HEADERS would show a secret to whoever can read the deployment. Example: @Microsoft.KeyVault(VaultName=contoso;SecretName=otlp).
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.net'
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=fake'
}
