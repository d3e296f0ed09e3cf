import { compileRoute } from './httpRoute';

const match = (route: string, path: string) => compileRoute(route).match(path.split('/'));

describe('compileRoute', () => {
  it.each([
    ['api/tenants', 'api/Tenants', {}],
    ['api/tenants/{id}', 'api/tenants/Contoso', { id: 'Contoso' }],
    ['api/tenants/{id:int}', 'api/tenants/12', { id: '12' }],
    ['api/tenants/{id:int}', 'api/tenants/x', undefined],
    ['api/tenants/{id}/{feed?}', 'api/tenants/1', { id: '1' }],
    ['api/tenants/{id}/{feed?}', 'api/tenants/1/audit', { id: '1', feed: 'audit' }],
    ['api/tenants/{id}', 'api/tenants/1/audit', undefined],
    ['api/files/{*path}', 'api/files/a/b/c', { path: 'a/b/c' }],
    ['api/{id:guid}', 'api/9B3B6C2E-0E6B-4f0e-9d4c-2d1f6f1b8a11', { id: '9B3B6C2E-0E6B-4f0e-9d4c-2d1f6f1b8a11' }],
    ['api/tenants', 'api', undefined],
  ])('%s and %s', (route, path, expected) => {
    expect(match(route, path)).toEqual(expected);
  });

  it('puts literals before constrained and constrained before free parameters', () => {
    const routes = ['a/{*rest}', 'a/{x}', 'a/{x:int}', 'a/b'];

    const sorted = routes
      .map((route) => ({ route, order: compileRoute(route).order }))
      .sort((a, b) => (a.order < b.order ? -1 : 1));

    expect(sorted.map(({ route }) => route)).toEqual(['a/b', 'a/{x:int}', 'a/{x}', 'a/{*rest}']);
  });

  it('says which part it does not understand', () => {
    expect(() => compileRoute('a/{x:regex}')).toThrow('{x:regex}');
  });
});
