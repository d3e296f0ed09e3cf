import { createHash } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { oversizeContainerName } from '../../src/azure/blobOversizeStore';
import { incidentStand } from '../support/incidentStack';

const limit = 262_144;

describe('a record is larger than the link to the hub takes', () => {
  const { begin, stand } = incidentStand({ linkLimitBytes: limit });

  it('F46: is kept in a blob, whole, and a pointer to it arrives; its neighbours arrive as they are', async () => {
    const incident = await begin();
    const large = incident.record({ recordBytes: 600_000 });
    const texts = [incident.record(), large, incident.record()];
    incident.microsoft.publish(incident.tenants[0]?.tenantId ?? '', 'Audit.Exchange', texts, {
      contentCreated: incident.ago({ minutes: 1 }),
    });

    await incident.runUntilQuiet();

    const sha256 = createHash('sha256').update(large).digest('hex');
    const records = incident
      .delivered()
      .flatMap(({ body }) => (JSON.parse(body.toString()) as { records: { properties: Pointer }[] }).records);
    const pointer = records.map(({ properties }) => properties).find(({ truncated }) => truncated === true);
    expect(records).toHaveLength(3);
    expect(pointer).toMatchObject({ truncated: true, size: 600_000, sha256 });
    const container = BlobServiceClient.fromConnectionString(stand().storage).getContainerClient(
      oversizeContainerName({ storagePrefix: incident.prefix }),
    );
    const kept = await container.getBlobClient(pointer?.blob ?? '').downloadToBuffer();
    expect(kept.toString()).toBe(large);
  });

  it('F47: records and events around every limit arrive once, whole and in their order', async () => {
    const incident = await begin();
    // The largest record that goes to the hub by itself, by the rooms the connector leaves for the envelope and for AMQP.
    const threshold = limit - 8_192 - 1_600;
    const around = [-2, -1, 0, 1, 2];
    const sizes = [
      ...[threshold, limit - 1_600, limit].flatMap((size) => around.map((by) => size + by)),
      // Two of these are just about one full event.
      ...[-600, -500, -400, -300, -200, -100, 0, 100].flatMap((by) => [125_000 + by, 125_000 + by]),
    ];
    const texts = sizes.map((recordBytes) => incident.record({ recordBytes }));
    incident.microsoft.publish(incident.tenants[0]?.tenantId ?? '', 'Audit.Exchange', texts, {
      contentCreated: incident.ago({ minutes: 1 }),
    });

    await incident.runUntilQuiet();

    const ids = incident
      .delivered()
      .flatMap(({ body }) => (JSON.parse(body.toString()) as { records: { id: string }[] }).records.map(({ id }) => id));
    expect(ids).toEqual(texts.map((text) => (JSON.parse(text) as { Id: string }).Id));
  });
});

interface Pointer {
  readonly truncated?: boolean;
  readonly blob?: string;
}
