import { resolve } from 'node:path';
import * as ts from 'typescript';

/** What the code can log: the name of each event with the fields it may carry, read from the calls of `telemetry.event` by their types. */
export function emittedEvents(): ReadonlyMap<string, ReadonlySet<string>> {
  const configuration = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, '.');
  const program = ts.createProgram([resolve('functions/index.ts')], options);
  const checker = program.getTypeChecker();
  const events = new Map<string, Set<string>>();
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || node.expression.name.text !== 'event')
      return;
    if (!/telemetry$/i.test(node.expression.expression.getText())) return;
    const [name, , fields] = node.arguments;
    if (name === undefined || !ts.isStringLiteral(name))
      throw new Error(`The name of an event has to be written out: ${node.getText()}`);
    const known = events.get(name.text) ?? new Set(['event', 'severity', 'time']);
    for (const { name: field } of fields === undefined ? [] : checker.getTypeAtLocation(fields).getProperties()) known.add(field);
    events.set(name.text, known);
  };
  for (const file of program.getSourceFiles()) if (file.fileName.startsWith(resolve('src'))) visit(file);
  return events;
}
