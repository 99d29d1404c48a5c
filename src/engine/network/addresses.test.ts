import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool, addressNumber, addressRange, addressText, isInRange } from './addresses.ts';

test('addresses are numbers and back, up to the highest', () => {
  for (const text of ['0.0.0.0', '10.244.0.1', '192.168.255.254', '255.255.255.255']) {
    assert.equal(addressText(addressNumber(text)), text);
  }
  assert.throws(() => addressNumber('10.0.0.256'), /not an IPv4 address/);
  assert.throws(() => addressNumber('10.0.0'), /not an IPv4 address/);
});

test('a range begins at its network address, whatever address names it', () => {
  const range = addressRange('10.244.3.7/16');
  assert.deepEqual([addressText(range.first), addressText(range.last)], ['10.244.0.0', '10.244.255.255']);
  assert.ok(isInRange(range, '10.244.255.255') && !isInRange(range, '10.245.0.0'));
  for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x']) {
    assert.throws(() => addressRange(wrong), /is not a range/);
  }
});

test('a pool gives each address once, skips the reserved ones, and uses a freed one last', () => {
  const pool = new AddressPool(addressRange('10.0.0.0/29'));
  const given = Array.from({ length: 5 }, () => pool.take());
  assert.deepEqual(given, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  assert.throws(() => pool.take(), /all 5 pod addresses are taken/);
  pool.release('10.0.0.4');
  pool.release('10.0.0.2');
  assert.equal(pool.take('10.0.0.3'), '10.0.0.2');
  assert.equal(pool.take('10.0.0.4'), '10.0.0.4');
});
