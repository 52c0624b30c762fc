look-audit-seen = melihat catatan untuk pemeriksaan
