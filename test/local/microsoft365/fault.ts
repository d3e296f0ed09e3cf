import type { Answer } from './answer';
import type { Operation } from './requestLog';
import type { ContentType } from './tenant';

/** When a fault happens and what it answers. */
export interface Fault {
  name?: string;
  /** Every given field has to match; no field matches every request. */
  when: {
    tenantId?: string;
    operation?: Operation | readonly Operation[];
    contentType?: ContentType;
    contentId?: string;
  };
  /** How often it happens (always when absent). */
  times?: number;
  /** Share of the matching requests, by a seeded generator (all when absent). */
  probability?: number;
  respond: Answer;
}
