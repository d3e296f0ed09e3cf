/** The application settings of the function app by name, as Azure hands them to the process as environment variables. */
export type AppSettings = Readonly<Record<string, string>>;

/** Replaces every %NAME% in a binding option by the setting of that name. */
export function expandSettings(settings: AppSettings, text: string, usedBy: string): string {
  return text.replace(/%([^%\s]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Error(`${usedBy} needs the setting ${name} (in "${text}"), which is not set.`);
    return value;
  });
}

/** The connection string behind the connection name of a binding; the host looks for AzureWebJobs<name> first. */
export function connectionString(settings: AppSettings, name: string, usedBy: string): string {
  const value = settings[`AzureWebJobs${name}`] ?? settings[name];
  if (value !== undefined && value !== '') return value;
  const identity = Object.keys(settings).some((key) => key.startsWith(`${name}__`));
  throw new Error(
    identity
      ? `${usedBy} has an identity-based connection (${name}__…). The local host needs a connection string in the setting ${name}.`
      : `${usedBy} needs a connection string in the setting ${name}, which is not set.`,
  );
}

/** Whether a function is switched off by AzureWebJobs.<name>.Disabled (or with underscores, as Linux needs it). */
export function isDisabled(settings: AppSettings, functionName: string): boolean {
  const value = settings[`AzureWebJobs.${functionName}.Disabled`] ?? settings[`AzureWebJobs_${functionName}_Disabled`] ?? '';
  return ['true', '1'].includes(value.toLowerCase());
}
