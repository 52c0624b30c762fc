look-audit-seen = đã xem nhật ký để kiểm tra
