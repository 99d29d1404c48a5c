import '@club/ui';
