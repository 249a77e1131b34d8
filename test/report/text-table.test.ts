import { textTable } from '../../lib/report/text-table';

test('columns are as wide as their widest cell, numbers to the right', () => {
  const table = textTable(
    [{ title: 'Name' }, { title: 'N', align: 'right' }],
    [
      ['a', '1'],
      ['longer', '100'],
    ],
  );
  expect(table.split('\n')).toEqual(['Name      N', '───────────', 'a         1', 'longer  100']);
});
