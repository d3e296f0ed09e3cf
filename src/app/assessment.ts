import { z } from 'zod';
import { evidenceStatusTitles, objectsDigest } from '../domain/evidence';
import type { Assessment, EvidenceItem, EvidenceStatus } from '../domain/evidence';
import { ConnectorError } from '../domain/failure';
import type { FailureKind } from '../domain/failure';
import type { KeptDocument } from '../domain/ports';
import type { SourceRecord } from '../domain/source';

const cell = z.union([z.string(), z.number()]);
const item = z.object({
  check: z.string(),
  title: z.string(),
  question: z.string(),
  status: z.enum(Object.keys(evidenceStatusTitles) as [EvidenceStatus, ...EvidenceStatus[]]),
  statement: z.string(),
  figures: z.array(z.object({ name: z.string(), title: z.string(), value: cell, unit: z.string().exactOptional() })),
  tables: z.array(
    z.object({
      title: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(cell)),
      more: z.number().exactOptional(),
    }),
  ),
  objects: z.array(z.object({ type: z.string(), id: z.string(), sha256: z.string() })),
  objectsSha256: z.string(),
  controls: z.array(z.object({ framework: z.string(), id: z.string(), title: z.string() })),
  collectedAt: z.iso.datetime(),
  nextStep: z.string().exactOptional(),
  again: z.boolean().exactOptional(),
  failure: z.object({ kind: z.string().transform((kind) => kind as FailureKind), code: z.string() }).exactOptional(),
});
const document = z.object({
  v: z.literal(1),
  id: z.iso.datetime(),
  tenantId: z.string(),
  tenantName: z.string(),
  cloud: z.string(),
  assessedAt: z.iso.datetime(),
  period: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }),
  items: z.array(item),
});

/** The bytes that are kept of an assessment: indented JSON, so that a person can read it without us. */
export function writeAssessment(assessment: Assessment): Buffer {
  return Buffer.from(`${JSON.stringify(assessment, undefined, 2)}\n`);
}

/** Reads what was kept. Throws `unexpectedResponse` when it is no assessment, or of a version that is not known. */
export function readAssessment(kept: KeptDocument): Assessment {
  const read = document.safeParse(parsed(kept.document));
  if (read.success) return read.data;
  throw new ConnectorError('reading evidence', {
    kind: 'unexpectedResponse',
    code: 'evidenceUnreadable',
    detail: `The assessment ${kept.blob} cannot be read.`,
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

// All of them are in the document, to which the record points.
const objectsInRecord = 100;

/** The records that tell an assessment to a hub, one an item: always the same bytes and ids for the same document. */
export function evidenceRecords(assessment: Assessment, kept: KeptDocument): SourceRecord[] {
  return assessment.items.map((one) => ({
    id: `${assessment.id}/${one.check}`,
    time: one.collectedAt,
    operation: 'EvidenceCollected',
    json: Buffer.from(JSON.stringify(propertiesOf(one, assessment, kept))),
  }));
}

function propertiesOf(one: EvidenceItem, assessment: Assessment, kept: KeptDocument): Readonly<Record<string, unknown>> {
  const { check, title, question, status, statement, nextStep, figures, controls, objects, collectedAt, failure } = one;
  return {
    assessment: { id: assessment.id, blob: kept.blob, sha256: kept.sha256, items: assessment.items.length },
    tenantName: assessment.tenantName,
    period: assessment.period,
    ...{ check, title, question, status, statement, nextStep, failure },
    figures: Object.fromEntries(figures.map(({ name, value }) => [name, value])),
    controls,
    objectCount: objects.length,
    objectsSha256: objectsDigest(objects),
    objects: objects.slice(0, objectsInRecord),
    collectedAt,
  };
}
