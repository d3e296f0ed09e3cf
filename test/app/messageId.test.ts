import { messageId } from '../../src/app/messageId';

const id = '0123456789abcdef0123456789abcdef';

describe('messageId', () => {
  it.each<[string, unknown]>([
    ['an object', { actionId: id }],
    ['text', `{"actionId":"${id}","more":1}`],
  ])('finds the id in %s', (_, message) => {
    expect(messageId(message, 'actionId')).toBe(id);
  });

  it.each<[string, unknown]>([
    ['of another kind', { onboardingId: id }],
    ['with an id that none of ours looks like', { actionId: `${id}'` }],
    ['with an id that is no text', { actionId: 5 }],
    ['with nothing in it', {}],
    ['that is not JSON', 'actionId'],
    ['that is a number', '5'],
    ['that is null', 'null'],
    ['that is missing', undefined],
  ])('takes no message %s for one of ours', (_, message) => {
    expect(messageId(message, 'actionId')).toBeUndefined();
  });
});
