import '@kusto/language-service-next/bridge.min';
import '@kusto/language-service-next/Kusto.Language.Bridge.min';

interface List<T> {
  readonly Count: number;
  readonly getItem: (index: number) => T;
}
interface Named {
  readonly Name: string;
}
interface TableSymbol extends Named {
  readonly WithName: (name: string) => TableSymbol;
}
interface KustoLanguage {
  readonly Symbols: {
    readonly TableSymbol: { readonly From: (schema: string) => TableSymbol };
    readonly DatabaseSymbol: { readonly ctor: new (name: string, tables: readonly TableSymbol[]) => object };
  };
  readonly GlobalState: { readonly Default: { readonly WithDatabase: (database: object) => object } };
  readonly KustoCode: {
    readonly ParseAndAnalyze: (
      query: string,
      globals: object,
    ) => {
      readonly GetDiagnostics: () => List<{ readonly Message: string }>;
      readonly ResultType: { readonly Columns?: List<Named & { readonly Type: Named }> } | null;
    };
  };
}

const { Language } = (globalThis as unknown as { readonly Kusto: { readonly Language: KustoLanguage } }).Kusto;

// The columns of Application Insights that queries may name: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces and its siblings.
const common =
  'timestamp: datetime, itemCount: int, operation_Name: string, operation_Id: string, cloud_RoleName: string, customDimensions: dynamic';
const tables = {
  traces: `${common}, message: string, severityLevel: int`,
  exceptions: `${common}, type: string, outerMessage: string, problemId: string`,
  requests: `${common}, name: string, success: string, duration: real, resultCode: string`,
};
const symbols = Object.entries(tables).map(([name, columns]) => Language.Symbols.TableSymbol.From(`(${columns})`).WithName(name));
const database = new Language.Symbols.DatabaseSymbol.ctor('insights', symbols);
const globals = Language.GlobalState.Default.WithDatabase(database);

/** What is wrong with a query against Application Insights, and the columns that it gives, with their types. */
export function bindQuery(query: string): {
  readonly problems: readonly string[];
  readonly columns: ReadonlyMap<string, string>;
} {
  const code = Language.KustoCode.ParseAndAnalyze(query, globals);
  const columns = code.ResultType?.Columns;
  return {
    problems: itemsOf(code.GetDiagnostics()).map(({ Message }) => Message),
    columns: new Map(columns === undefined ? [] : itemsOf(columns).map(({ Name, Type }) => [Name, Type.Name])),
  };
}

function itemsOf<T>(list: List<T>): readonly T[] {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}
