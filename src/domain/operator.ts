/** The app roles of operators; each is granted on its own. */
export const operatorRoles = ['Reader', 'Onboarder', 'Responder', 'Approver'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** An operator as a verified token says: `tid/oid`, and the roles that were assigned. */
export interface Operator {
  readonly who: string;
  readonly roles: readonly OperatorRole[];
  /** A program that signed in as itself, not a person. */
  readonly application?: true;
}
