look-audit-seen = 为监查查看了记录
